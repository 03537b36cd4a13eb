/**
 * Carrying out a relay's commands.
 *
 * @module
 */
import { stateOf, UsageError } from "../../lib/errors.ts";
import type { Events, Prose } from "../../lib/events.ts";
import {
  changed,
  checkPlan,
  checkTransport,
  type FaultName,
  type FaultPlan,
  faultsLine,
  type FaultTransport,
  hasFaults,
  NO_FAULTS,
} from "../../lib/faults/plan.ts";
import { MODELLED } from "../../lib/script/fault_event.ts";
import { table } from "../../lib/console/table.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { type Command, COMMANDS, parseCommand, parseJsonCommand } from "./command.ts";
import type { Network } from "./network.ts";
import { figuresOf, listOf, reportOf } from "./report.ts";
import type { OpenFlow, Tally, Way } from "./tally.ts";

/** What commands need of a relay. */
export interface Controlled {
  readonly tally: Tally;
  readonly open: readonly OpenFlow[];
  /** Resets every open connection; returns how many. Datagrams have none. */
  reset?(): number;
}

/** Options of {@linkcode Controls}. */
export interface ControlsOptions {
  readonly network: Network;
  readonly transport: FaultTransport;
  /** Gets the result of each command. */
  readonly events: Events;
  /** Stops the relay. */
  readonly stop: () => void;
}

/** Faults, and the one that depends on each: turning a fault off ends its dependent too. */
const PARTS: Readonly<Partial<Record<FaultName, FaultName>>> = { loss: "burst", rate: "queue", stallAfter: "stallFor" };

/** The flags that reproduce a relay's faults: `--seed 7 --up-loss 30%`. */
export function planText(network: Network): string {
  return faultsLine(network, { out: "up-", in: "down-" });
}

/** A relay's faults as one line of prose. */
export function planNotice(network: Network, transport: FaultTransport): string {
  const { out, in: back, cut } = network;
  const plan = hasFaults(out) || hasFaults(back) ? planText(network) : `none (${planText(network)})`;
  const modelled = transport === "tcp" && (out.loss > 0 || back.loss > 0) ? `. ${MODELLED}` : "";
  return `Faults: ${plan}${modelled}${cut ? "; the cable is pulled, heal plugs it in" : ""}`;
}

/** Carries out commands on a running relay. */
export class Controls {
  #relay: Controlled;
  #options: ControlsOptions;

  constructor(relay: Controlled, options: ControlsOptions) {
    this.#relay = relay;
    this.#options = options;
  }

  /**
   * Carries out the lines of an input until it ends or the signal aborts. An invalid line is answered with a warning.
   *
   * @param options With `json`, each line is a JSON object.
   */
  async follow(input: LineInput, { json, signal }: { json: boolean; signal: AbortSignal }): Promise<void> {
    const parse = json ? parseJsonCommand : parseCommand;
    try {
      for (let line; (line = await input.read(signal)) !== null;) this.#carryOut(line, parse);
      // Ctrl-D at a terminal stops the relay; the end of a file or a pipe does not.
      if (input.interactive) this.#options.stop();
    } catch (error) {
      if (!signal.aborted) this.#options.events.emit({ event: "warning", message: stateOf(error).state });
    }
  }

  /**
   * Carries out one command.
   *
   * @throws {UsageError} Its value is invalid, or the faults would make no sense together. Nothing has changed then.
   */
  run(command: Command): void {
    const { network, transport, stop } = this.#options;
    switch (command.name) {
      case "set":
        return this.#set(command);
      case "clear":
        for (const way of command.ways) network[fieldOf(way)] = NO_FAULTS;
        return this.#tellPlan(command.name);
      case "cut":
        network.cut = true;
        return this.#tellPlan(
          command.name,
          `The cable is pulled: ${transport === "tcp" ? "streams stand still" : "datagrams are lost"}`,
        );
      case "heal":
        network.cut = false;
        return this.#tellPlan(command.name, `The cable is plugged in. ${planNotice(network, transport)}`);
      case "reset":
        return this.#reset();
      case "plan":
        return this.#tellPlan(command.name);
      case "stats":
        return this.#tellFigures();
      case "list":
        return this.#list();
      case "help":
        return this.#help();
      case "quit":
        return stop();
    }
  }

  #carryOut(line: string, parse: (line: string) => Command | null): void {
    try {
      const command = parse(line);
      if (command !== null) this.run(command);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#options.events.emit({ event: "warning", message: error.message });
    }
  }

  #set({ name, fault, value, ways }: Command & { name: "set" }): void {
    const { network, transport } = this.#options;
    const plans = ways.map((way) => [fieldOf(way), withValue(network[fieldOf(way)], fault, value)] as const);
    for (const [, plan] of plans) {
      checkTransport(plan, transport);
      checkPlan(plan);
    }
    for (const [field, plan] of plans) network[field] = plan;
    this.#tellPlan(name);
  }

  #tellPlan(command: string, text = planNotice(this.#options.network, this.#options.transport)): void {
    const { network } = this.#options;
    this.#tell(command, [{ mark: "state", text }], { plan: planText(network), cut: network.cut });
  }

  #tellFigures(): void {
    const { tally } = this.#relay;
    const { transport } = this.#options;
    this.#tell("stats", reportOf(tally, transport), figuresOf(tally, transport));
  }

  #reset(): void {
    const count = this.#relay.reset?.();
    if (count === undefined) throw new UsageError("Cannot reset: datagrams have no connection; cut loses them all");
    this.#tell("reset", [{ mark: "state", text: `Reset ${count === 1 ? "1 connection" : `${count} connections`}` }], {
      connections: count,
    });
  }

  #list(): void {
    const { open } = this.#relay;
    this.#tell("list", listOf(open, this.#options.transport), { open });
  }

  #help(): void {
    const rows = Object.values(COMMANDS).map(({ usage, help }) => [usage, help]);
    this.#tell("help", table(rows), { commands: COMMANDS });
  }

  #tell(command: string, prose: Prose, fields: Record<string, unknown>): void {
    this.#options.events.emit({ event: "result", command, ...fields, prose });
  }
}

/** The network's faults call up "out" and down "in": they are those of the sockets towards the server. */
function fieldOf(way: Way): "out" | "in" {
  return way === "up" ? "out" : "in";
}

function withValue(plan: FaultPlan, fault: FaultName, value: string): FaultPlan {
  const next = changed(plan, fault, value);
  const part = PARTS[fault];
  return part !== undefined && next[fault] === NO_FAULTS[fault] ? changed(next, part, "off") : next;
}
