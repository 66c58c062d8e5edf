/** Parameters with a command in every place, each of which ends well. */
export const HOOKS = {
  "exec.prepare": "echo prepare",
  "exec.prestart": "echo prestart",
  "exec.created": "echo created; true",
  "exec.start": ["server &", "sh /etc/rc"],
  command: "true",
  "exec.poststart": "echo poststart",
  "exec.prestop": "echo prestop",
  "exec.stop": "sh /etc/rc.shutdown",
  "exec.poststop": "echo poststop",
  "exec.release": "echo release",
  "stop.timeout": 1,
};

/** Interfaces for a machine: one with an address of the machine's own, and the two ends of an epair. */
export const interfaces = () => [
  {
    name: "em0",
    vnet: 0,
    driver: "physical",
    up: true,
    addresses: [{ family: "inet" as const, address: "192.0.2.1", prefix: 24, own: true }],
  },
  { name: "epair0a", vnet: 0, driver: "epair", peer: "epair0b", up: false, addresses: [] },
  { name: "epair0b", vnet: 0, driver: "epair", peer: "epair0a", up: false, addresses: [] },
];
