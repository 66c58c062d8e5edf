import { userInfo } from "node:os";
import type { HostUser } from "../machine/machine.js";

/**
 * The environment that FreeBSD's default login class gives a user, in the order in which its env(1) shows it.
 *
 * Only a simulated machine needs it: on a real one setusercontext(3) reads login.conf(5).
 */
export function loginVariables({ name, home, shell }: HostUser): Record<string, string> {
  const folders = ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", `${home}/bin`];
  return {
    SHELL: shell === "" ? "/bin/sh" : shell,
    HOME: home,
    USER: name,
    BLOCKSIZE: "K",
    MAIL: `/var/mail/${name}`,
    MM_CHARSET: "UTF-8",
    LANG: "C.UTF-8",
    PATH: folders.join(":"),
  };
}

/** USER, HOME and SHELL of who runs this, by the host's password file. @throws a system error where it has none */
export function ownIdentity(): Record<"SHELL" | "HOME" | "USER", string> {
  const { username, homedir, shell } = userInfo();
  return { SHELL: shell || "/bin/sh", HOME: homedir, USER: username };
}
