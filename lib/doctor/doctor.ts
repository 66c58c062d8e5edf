import { abortable } from "../abort.js";
import type { CallOptions } from "../call.js";
import type { JailHost } from "../host.js";
import { answerOf, type Diagnosis } from "./diagnosis.js";
import { dragonflyChecks } from "./dragonfly.js";
import { freebsdChecks } from "./freebsd.js";
import { type DoctorMachine, localDoctorMachine, simulatedDoctorMachine } from "./machine.js";

/**
 * Says whether a machine is ready for jails, for network stacks of their own, for limits and for ZFS, and what to do about
 * each no. It changes nothing. Rejects with the signal's reason where that says so first.
 */
export function diagnose(host: JailHost, machine?: DoctorMachine, { signal }: CallOptions = {}): Promise<Diagnosis> {
  return abortable(signal, () => examine(host, machine));
}

async function examine(host: JailHost, machine?: DoctorMachine): Promise<Diagnosis> {
  const { system, simulated } = host.kernel;
  const around = machine ?? (simulated ? simulatedDoctorMachine(host) : localDoctorMachine());
  const release = String((await host.settings.get("kern.osrelease")) ?? "");
  const checks =
    system === "dragonfly" ? await dragonflyChecks(host, around) : await freebsdChecks(host, around, release);
  const ready = {
    jails: answerOf(checks, "jails"),
    vnet: answerOf(checks, "vnet"),
    limits: answerOf(checks, "limits"),
    zfs: answerOf(checks, "zfs"),
  };
  return { system, simulated, release, ready, checks };
}
