/**
 * The checks of HTTP/1.1.
 *
 * @module
 */
import { UsageError } from "../../../lib/errors.ts";
import type { Probe, Protocol, ProtocolFlagValues } from "../protocol.ts";
import { AMBIGUOUS } from "./ambiguous.ts";
import { ask, type HttpTrial } from "./answers.ts";
import { BODIES } from "./bodies.ts";
import { CLIENTS } from "./clients.ts";
import { CONNECTIONS } from "./connections.ts";
import { DELIVERY } from "./delivery.ts";
import { CLOSE, type HttpDialect, requestText } from "./dialect.ts";
import type { HttpCheck } from "./expect.ts";
import { LIMITS } from "./limits.ts";
import { METHODS } from "./methods.ts";
import { PATHS } from "./paths.ts";
import { REFUSALS } from "./refusals.ts";
import { SHAPE } from "./shape.ts";

const checks: readonly HttpCheck[] = [
  ...SHAPE,
  ...METHODS,
  ...CONNECTIONS,
  ...DELIVERY,
  ...BODIES,
  ...REFUSALS,
  ...AMBIGUOUS,
  ...LIMITS,
  ...PATHS,
  ...CLIENTS,
];

/** Takes the dialect from the flags; a request shows whether the server answers the path. */
async function dialectOf(flags: ProtocolFlagValues, { trial, say }: Probe): Promise<HttpDialect> {
  const { path, post = null, hostName: host = null } = flags;
  for (const [name, value] of [["--path", path], ["--post", post]] as const) {
    if (value === null || /^\/[!-~]*$/.test(value)) continue;
    throw new UsageError(`Cannot use ${name} ${JSON.stringify(value)}: it must be a path that begins with /, encoded`);
  }
  if (host !== null && !/^[!-~]+$/.test(host)) {
    throw new UsageError(`Cannot use --host-name ${JSON.stringify(host)}: it must be a name or an address`);
  }
  const dialect = { path, post, host };
  const { server } = trial;
  using talk = await trial.connect();
  await talk.send(requestText({ server, dialect }, { fields: [CLOSE] }));
  await talk.until((text) => text.includes("\n"), trial.patience);
  const [, status] = /^HTTP\/\S+ +(\d{3})/.exec(talk.text) ?? [];
  say(status === undefined ? `GET ${path} gets no HTTP answer` : `GET ${path} is answered with ${status}`);
  if (post === null) say("some checks need a path that takes POST: --post names it");
  return dialect;
}

/** Fails unless the server answers, whatever it says. */
async function alive(trial: HttpTrial): Promise<void> {
  const { talk } = await ask(trial, requestText(trial, { fields: [CLOSE] }));
  trial.expect(
    await talk.until((text) => text !== "", 2 * trial.patience) || talk.end !== null,
    "a request was not answered",
  );
}

/** HTTP/1.1 without TLS. */
export const protocol: Protocol<HttpDialect> = { transport: "tcp", checks, dialectOf, alive };
