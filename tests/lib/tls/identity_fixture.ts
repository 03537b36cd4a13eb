/** Gets a server identity and prints it as JSON, without the key, and whether that loaded the certificate library. */
import { serverIdentity } from "../../../lib/tls/identity_store.ts";
import { checkPair } from "../../../lib/tls/pem.ts";

const { pair, fingerprint, origin, folder } = await serverIdentity();
checkPair(pair, { certificate: "certificate", key: "key" });
const loaded = "defineMetadata" in Reflect;
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ fingerprint, origin, folder, loaded })));
