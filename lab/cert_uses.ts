/**
 * Example commands that use the certificates.
 *
 * @module
 */
import { formatEndpoint } from "../lib/addr.ts";
import { commandFor } from "../lib/script/command.ts";
import { parseHostName } from "../lib/tls/host_name.ts";
import { fileStem, pathsOf } from "./cert_folder.ts";

/** The port in the examples: the default of `http:server`. */
const PORT = 8080;

/**
 * The lines that show how to use the certificates with our server and client, curl, openssl and a browser.
 *
 * @param made The folder, and the names of the server and of the clients as given.
 */
export function usageLines(made: { folder: string; names: readonly string[]; clients: readonly string[] }): string[] {
  const { folder, names, clients } = made;
  const ca = quoted(pathsOf(folder, "ca").certificate);
  const lines: string[] = [];
  const [first] = names;
  if (first !== undefined) {
    const name = parseHostName(first)?.text ?? first;
    const { certificate, key } = pathsOf(folder, fileStem(name));
    // A wildcard matches any label.
    const hostname = name.replace(/^\*/, "www");
    const endpoint = formatEndpoint({ hostname, port: PORT });
    lines.push(
      "To serve with it and connect to it:",
      `  ${commandFor("http:server")} --tls --cert ${quoted(certificate)} --key ${quoted(key)}`,
      `  curl --cacert ${ca} https://${endpoint}/`,
      `  openssl s_client -CAfile ${ca} -verify_return_error -connect ${endpoint}`,
      `  ${commandFor("tcp:client")} --tls --ca ${ca} --host ${hostname} --port ${PORT}`,
      ...trust(folder, ca),
    );
  }
  const [client] = clients;
  if (client !== undefined) {
    const { certificate, key } = pathsOf(folder, `${fileStem(client)}-client`);
    lines.push(
      `A server requires client certificates with --client-ca ${ca}; a client presents its own:`,
      `  ${commandFor("tcp:client")} --tls --ca ${ca} --cert ${quoted(certificate)} --key ${quoted(key)}`,
      `  curl --cacert ${ca} --cert ${quoted(certificate)} --key ${quoted(key)} https://localhost:${PORT}/`,
    );
  }
  return lines;
}

/** How to make a browser on this system trust the CA, and what that implies. */
function trust(folder: string, ca: string): string[] {
  const commands: Partial<Record<typeof Deno.build.os, string>> = {
    linux: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n plainwire -i ${ca}`,
    darwin: `security add-trusted-cert -k ~/Library/Keychains/login.keychain-db ${ca}`,
    windows: `certutil -user -addstore Root ${ca}`,
  };
  const command = commands[Deno.build.os];
  return [
    `To make a browser trust it: Firefox imports ${ca} in Settings, Certificates, Authorities${
      command === undefined ? "" : "; for Chrome, Edge and the like:"
    }`,
    ...(command === undefined ? [] : [`  ${command}`]),
    `Anyone with ${pathsOf(folder, "ca").key} can then impersonate any site to that browser: keep it secret`,
  ];
}

/** Quotes a path for a shell. */
function quoted(path: string): string {
  return /^[\p{L}\p{N}\/\\:._@+-]+$/u.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
