/**
 * The commands with which certificates are put to use.
 *
 * @module
 */
import { formatEndpoint } from "../lib/addr.ts";
import { parseHostName } from "../lib/tls/host_name.ts";
import { fileStem, pathsOf } from "./cert_folder.ts";

/** Where the examples listen: the default of `http:server`. */
const PORT = 8080;

/**
 * The lines that say how to use what was made: our server and client, curl, openssl, a browser.
 *
 * @param made The folder, the server's names and the clients' names as they were given.
 */
export function usesOf(made: { folder: string; names: readonly string[]; clients: readonly string[] }): string[] {
  const { folder, names, clients } = made;
  const ca = quoted(pathsOf(folder, "ca").certificate);
  const lines: string[] = [];
  const [first] = names;
  if (first !== undefined) {
    const name = parseHostName(first)?.text ?? first;
    const { certificate, key } = pathsOf(folder, fileStem(name));
    // A wildcard stands for any label.
    const hostname = name.replace(/^\*/, "www");
    const endpoint = formatEndpoint({ hostname, port: PORT });
    lines.push(
      "Serve with it, and look at it:",
      `  deno task http:server --tls --cert ${quoted(certificate)} --key ${quoted(key)}`,
      `  curl --cacert ${ca} https://${endpoint}/`,
      `  openssl s_client -CAfile ${ca} -verify_return_error -connect ${endpoint}`,
      `  deno task tcp:client --tls --ca ${ca} --host ${hostname} --port ${PORT}`,
      ...trust(folder, ca),
    );
  }
  const [client] = clients;
  if (client !== undefined) {
    const { certificate, key } = pathsOf(folder, `${fileStem(client)}-client`);
    lines.push(
      `A server demands a client's certificate with --client-ca ${ca}; a client shows its own:`,
      `  deno task tcp:client --tls --ca ${ca} --cert ${quoted(certificate)} --key ${quoted(key)}`,
      `  curl --cacert ${ca} --cert ${quoted(certificate)} --key ${quoted(key)} https://localhost:${PORT}/`,
    );
  }
  return lines;
}

/** How a browser on this system comes to trust the authority, and what that means. */
function trust(folder: string, ca: string): string[] {
  const commands: Partial<Record<typeof Deno.build.os, string>> = {
    linux: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n plainwire -i ${ca}`,
    darwin: `security add-trusted-cert -k ~/Library/Keychains/login.keychain-db ${ca}`,
    windows: `certutil -user -addstore Root ${ca}`,
  };
  const command = commands[Deno.build.os];
  return [
    `To have a browser trust it: Firefox imports ${ca} in Settings, Certificates, Authorities${
      command === undefined ? "" : "; for Chrome, Edge and the like:"
    }`,
    ...(command === undefined ? [] : [`  ${command}`]),
    `Whoever has ${pathsOf(folder, "ca").key} can then pose as any site to that browser: keep it to yourself`,
  ];
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\p{L}\p{N}\/\\:._@+-]+$/u.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
