/** cloud-init's seed for a machine: its name, and a throw-away key for root's ssh. Read by FreeBSD's nuageinit and by cloud-init. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VmError } from "../errors.js";
import { capture } from "../programs.js";
import { isoImage } from "./iso.js";

/** The label by which seeds are found. */
const SEED_LABEL = "cidata";

/**
 * What the machine does at its first start. A script rather than a list of users: releases of nuageinit differ in what
 * they understand of those, and root may need to be let in first.
 */
export function userData(publicKey: string): string {
  return `#!/bin/sh
mkdir -p -m 700 /root/.ssh
echo '${publicKey}' >>/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
sed -i.orig -e '/^[# ]*PermitRootLogin/d' /etc/ssh/sshd_config
echo 'PermitRootLogin prohibit-password' >>/etc/ssh/sshd_config
if [ -x /usr/sbin/sysrc ]; then
  sysrc sshd_enable=YES
  service sshd restart || service sshd start
else
  systemctl restart ssh || systemctl restart sshd
fi
`;
}

/** The seed as an ISO image. */
export function seedImage(name: string, publicKey: string): Buffer {
  if (!/^[\w@.+/= -]+$/.test(publicKey)) throw new VmError("the public key has characters that no such key has");
  return isoImage(SEED_LABEL, {
    "meta-data": `instance-id: ${name}\nlocal-hostname: ${name}\n`,
    "user-data": userData(publicKey),
  });
}

/** Makes a key pair in a folder; the public half is returned. */
export async function makeKey(folder: string, signal: AbortSignal): Promise<{ file: string; publicKey: string }> {
  const file = join(folder, "key");
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", "bsdjail-vm", "-f", file];
  const { status, stderr } = await capture("ssh-keygen", args, { signal });
  if (status !== 0) throw new VmError(`ssh-keygen ended with ${status}: ${stderr.trim()}`);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}
