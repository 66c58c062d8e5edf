import type { JailDefinition } from "../../../lib/lifecycle/parameters.js";
import { HOOKS } from "./parts.js";

/** A definition that uses every step, for the world of `freshWorld`. */
export const EVERYTHING: JailDefinition = {
  name: "web",
  parameters: {
    ...HOOKS,
    path: "/jails/web",
    vnet: "new",
    interface: "em0",
    "ip4.addr": ["192.0.2.10", "lo0|127.0.0.10/24", "192.0.2.11/255.255.255.0"],
    "ip6.addr": "2001:db8::10",
    mount: ["tmpfs /jails/web/tmp tmpfs rw,size=1m 0 0", "/srv/data /jails/web/data nullfs ro 0 0"],
    "mount.fstab": "/etc/fstab.web",
    "mount.devfs": true,
    "mount.fdescfs": true,
    "mount.procfs": true,
    "vnet.interface": "epair0b",
    "zfs.dataset": "zroot/web",
    "exec.start": ["sleep 100 &", "sh /etc/rc"],
  },
  ready: { kind: "file", path: "/proc" },
};
