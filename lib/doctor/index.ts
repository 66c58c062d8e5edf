export type { Answer, Area, Check, Diagnosis } from "./diagnosis.js";
export { diagnose } from "./doctor.js";
export type { DoctorMachine } from "./machine.js";
