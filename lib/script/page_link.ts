/**
 * How visitors find the page of a server: its URLs, and a QR code of the likeliest.
 *
 * @module
 */
import { type Endpoint, isAddress } from "../addr.ts";
import { showsCodes } from "../console/log.ts";
import { qrRows } from "../console/qr.ts";
import type { Events } from "../events.ts";
import type { PageLink } from "../listening.ts";
import { pageUrls, reachableAddresses } from "../net/listen.ts";

/** The run of a server with a page. */
export interface PageRun {
  readonly options: { readonly noQr: boolean };
  readonly events: Events;
}

/**
 * The link to a listener's page, for `announce`. It has a QR code only if others can reach the page and the log shows codes.
 *
 * @param at Where the server listens.
 * @param certificate The fingerprint of the certificate that browsers get; `null` without TLS.
 */
export async function pageLink(
  { options: { noQr }, events }: PageRun,
  at: Endpoint,
  certificate: string | null,
): Promise<PageLink> {
  const urls = pageUrls(at, { tls: certificate !== null });
  const link = certificate === null ? { urls } : { urls, certificate };
  const [url] = urls;
  if (url === undefined || noQr || !showsCodes(events)) return link;
  // Without the permission to read the addresses, a placeholder stands for them.
  const known = isAddress(reachableAddresses(at.hostname)[0] ?? "");
  return known ? { ...link, qr: await qrRows(url) } : link;
}
