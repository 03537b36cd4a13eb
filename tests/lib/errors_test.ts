import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CutOffError,
  Exit,
  type ExitCode,
  Failure,
  isClosedHere,
  isDisconnect,
  ProtocolError,
  stateOf,
  TimedOutError,
  UsageError,
} from "../../lib/errors.ts";

const permissions = "none";

Deno.test("each failure has its name, its code and its cause", { permissions }, () => {
  const cause = new TypeError("below");
  const made: [Failure, string, ExitCode][] = [
    [new Failure(Exit.unreachable, "m", { cause }), "Failure", 4],
    [new UsageError("m", { cause }), "UsageError", 2],
    [new TimedOutError("m", { cause }), "TimedOutError", 5],
    [new CutOffError("m", { cause }), "CutOffError", 6],
    [new ProtocolError("m", { cause }), "ProtocolError", 8],
  ];
  for (const [failure, name, code] of made) {
    assertInstanceOf(failure, Failure);
    assertEquals([failure.name, failure.code, failure.message, failure.cause], [name, code, "m", cause]);
  }
});

Deno.test("stateOf() returns a failure unchanged", { permissions }, () => {
  assertEquals(stateOf(new ProtocolError("Cannot take it: no")), { code: 8, state: "Cannot take it: no" });
});

Deno.test("stateOf() maps runtime errors to states and codes", { permissions }, () => {
  const { errors } = Deno;
  const known: [Error, ExitCode, string][] = [
    [new errors.ConnectionRefused("x (os error 111)"), 4, "connection refused"],
    [new errors.NetworkUnreachable(), 4, "network unreachable"],
    [new errors.AddrNotAvailable(), 4, "address not available"],
    [new errors.TimedOut(), 5, "no answer"],
    [new DOMException("x", "TimeoutError"), 5, "no answer within the time limit"],
    [new errors.ConnectionReset(), 6, "connection reset by the peer"],
    [new errors.BrokenPipe(), 6, "the peer no longer reads"],
    [new errors.NotConnected(), 6, "the peer cut the connection"],
    [new errors.UnexpectedEof(), 6, "cut off without a TLS close_notify"],
    [new Error("failed to lookup address information: Name or service not known"), 3, "no such name"],
    [Object.assign(new Error("getaddrinfo ENOTFOUND nowhere"), { code: "ENOTFOUND" }), 3, "no such name"],
    [new URIError("Invalid host"), 3, "no such name"],
    [new Error("Too many open files (os error 24)"), 1, "Too many open files"],
    [new TypeError("odd"), 1, "odd"],
  ];
  for (const [error, code, state] of known) assertEquals(stateOf(error), { code, state }, error.name);
});

Deno.test("stateOf() accepts values that are not errors, and unknown names", { permissions }, () => {
  assertEquals(stateOf("thrown text"), { code: 1, state: "thrown text" });
  assertEquals(stateOf(null), { code: 1, state: "null" });
  for (const name of ["constructor", "toString", "__proto__"]) {
    assertEquals(stateOf(Object.assign(new Error("m"), { name })), { code: 1, state: "m" }, name);
  }
});

Deno.test("stateOf() names the missing permission (P5)", { permissions }, async () => {
  const error = await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: 9 }), Deno.errors.NotCapable);
  assertEquals(stateOf(error), {
    code: 1,
    state: 'Deno has no permission for "127.0.0.1:9"; add --allow-net, or use the task, which has it',
  });
  assertEquals(
    stateOf(new Deno.errors.NotCapable("something else")).state,
    "Deno has no permission for this; add its --allow flag, or use the task, which has it",
  );
  const comma = await assertRejects(() => Deno.writeTextFile("/a,b/c", ""), Deno.errors.NotCapable);
  assertEquals(
    stateOf(comma).state,
    'Deno has no permission for "/a,b/c"; it cannot grant a path with a comma, so use another folder',
  );
});

Deno.test("isDisconnect() and isClosedHere() distinguish the peer's end from ours", { permissions }, () => {
  const { BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof } = Deno.errors;
  for (const Gone of [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof]) {
    assert(isDisconnect(new Gone()) && !isClosedHere(new Gone()), Gone.name);
  }
  for (
    const ours of [new Deno.errors.BadResource(), new Deno.errors.Interrupted(), new DOMException("x", "AbortError")]
  ) {
    assert(isClosedHere(ours) && !isDisconnect(ours), ours.name);
  }
  for (const other of [new Error("x"), "BrokenPipe", null, { name: "Interrupted" }]) {
    assert(!isClosedHere(other) && !isDisconnect(other));
  }
});

Deno.test("stateOf() maps system errors that have no class of their own (S14)", { permissions: "none" }, () => {
  const error = Object.assign(new Error("No route to host (os error 113)"), { code: "EHOSTUNREACH" });
  assertEquals(stateOf(error), { code: Exit.unreachable, state: "no route to host" });
});
