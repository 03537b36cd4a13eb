/**
 * The report of a run: TAP or events as it goes, and the totals at its end.
 *
 * @module
 */
import { Exit, Failure } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import { plural } from "../../lib/text.ts";
import { type Context, type Finding, findingOf } from "./finding.ts";
import { junitOf, type Reported } from "./junit.ts";
import type { Result } from "./runner.ts";
import { tapComment, tapHead, tapResult } from "./tap.ts";

/** Options of {@linkcode Report}. */
export interface ReportOptions extends Context {
  /** How many checks there are. */
  readonly total: number;
  readonly events: Events;
  /** Prints TAP. */
  readonly print: (lines: readonly string[]) => Promise<void>;
  /** Whether the output is events instead of TAP. */
  readonly json: boolean;
  /** Whether only failures and totals are printed. That is not TAP then: its plan would not match. */
  readonly quiet: boolean;
  /** Whether points are counted. */
  readonly points: boolean;
}

/** The report of a run. */
export class Report {
  #options: ReportOptions;
  #began = new Date();
  #reported: Reported[] = [];
  /** The first failure with each remedy. */
  #remedies = new Map<string, Result>();

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** Begins the report; `comments` say what is checked, and how. */
  async begin(comments: readonly string[]): Promise<void> {
    const { total, print, json, quiet, events } = this.#options;
    // Otherwise they are comments of TAP.
    if (json) { for (const message of comments) events.emit({ event: "notice", message }); }
    if (!quiet) await print([...tapHead(total), ...comments.map(tapComment)]);
  }

  /** Adds a result. */
  async add(result: Result): Promise<void> {
    const { print, quiet, points, events } = this.#options;
    const finding = result.outcome === "failed" ? await findingOf(result, this.#options) : null;
    this.#reported.push({ result, finding });
    const { number, check, outcome, reason, blame, duration } = result;
    const { name, title, source, level, points: worth = 1 } = check;
    const { mistake = null } = blame ?? check;
    const scored = points ? { points: outcome === "passed" ? worth : 0, of: worth } : {};
    const about = { number, name, title, outcome, reason, mistake, source, level, duration, ...scored };
    events.emit({ event: "result", prose: "", ...about, ...(finding === null ? {} : { finding }) });
    if (!quiet || finding !== null) await print(tapResult(result, finding && this.#toldOnce(result, finding)));
  }

  /** A long report says each remedy once. */
  #toldOnce(result: Result, finding: Finding): Finding {
    if (finding.remedy === null) return finding;
    const first = this.#remedies.getOrInsert(finding.remedy, result);
    if (first === result) return finding;
    return { ...finding, remedy: `as for ${first.number}, ${first.check.name}`, see: null };
  }

  /** Which failures have one remedy: the way from a long report to what is to be done, the most rewarding first. */
  #summary(): string[] {
    const failures = this.#reported.flatMap(({ result, finding }) => finding === null ? [] : [{ result, finding }]);
    const groups = Map.groupBy(failures, ({ finding }) => finding.remedy);
    groups.delete(null);
    const shared = [...groups.values()].filter(({ length }) => length > 1);
    if (shared.length === 0) return [];
    const lines = shared.toSorted((one, other) => other.length - one.length).map((group) => {
      const numbers = group.map(({ result: { number, check } }, index) =>
        index === 0 ? `${number} ${check.name}` : number
      );
      const mistake = group[0]?.finding.mistake ?? null;
      return `  ${numbers.join(", ")}${mistake === null ? "" : `: mistake ${mistake}`}`;
    });
    return ["failures with the same remedy:", ...lines];
  }

  /** Adds the totals; `stopped` says why the run ended early. */
  async end(stopped: string | null): Promise<void> {
    const { total, print, points, events } = this.#options;
    const { passed, failed, skipped } = this.counts;
    const tried = passed + failed;
    const share = tried === 0 ? "" : ` (${Math.floor((100 * passed) / tried)} %)`;
    const lines = [
      ...this.#summary(),
      `passed ${passed} of ${tried}${share}${skipped === 0 ? "" : `, skipped ${skipped}`}`,
    ];
    const undecided = this.#reported.filter(({ result }) => result.undecided === true).length;
    if (undecided > 0) lines.push(`could not tell for ${plural(undecided, "check")}: this machine was too busy`);
    const [score, of] = [this.#score("passed"), this.#score("passed", "failed")];
    if (points) lines.push(`score ${score} of ${of} points`);
    const duration = Date.now() - this.#began.getTime();
    const scored = points ? { score, of } : {};
    events.emit({
      event: "summary",
      prose: "",
      total,
      passed,
      failed,
      skipped,
      undecided,
      stopped,
      ...scored,
      duration,
    });
    await print([...(stopped === null ? [] : [`Bail out! ${stopped}`]), ...lines.map(tapComment)]);
  }

  /** The report as JUnit XML. */
  get junit(): string {
    return junitOf(this.#reported, { name: `lab:check ${this.#options.protocol}`, began: this.#began });
  }

  /** The number of checks with each outcome. */
  get counts(): Readonly<Record<Result["outcome"], number>> {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const { result } of this.#reported) counts[result.outcome]++;
    return counts;
  }

  /**
   * The last line of a run.
   *
   * @throws {Failure} A check has failed, with code 1.
   */
  get verdict(): string {
    const { passed, failed, skipped } = this.counts;
    const rest = skipped === 0 ? "" : `, ${skipped} skipped`;
    if (failed === 0) return `Done: ${plural(passed, "check")} passed${rest}`;
    throw new Failure(
      Exit.failed,
      `Cannot pass the server: ${plural(failed, "check")} failed, ${passed} passed${rest}`,
    );
  }

  #score(...outcomes: readonly Result["outcome"][]): number {
    return this.#reported.filter(({ result }) => outcomes.includes(result.outcome))
      .reduce((sum, { result: { check: { points = 1 } } }) => sum + points, 0);
  }
}
