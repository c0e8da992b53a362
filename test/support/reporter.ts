import type { SerializedError } from 'vitest';
import { DefaultReporter, type TestCase, type TestModule, type TestRunEndReason } from 'vitest/node';

/** What vitest prints, and besides: why tests were skipped, and one plain line of counts at the very end. */
export default class Reporter extends DefaultReporter {
  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    this.printSkipped(cases.filter((test) => test.result().state === 'skipped'));
    super.onTestRunEnd(modules, errors, reason);
    const count = (state: string): number => cases.filter((test) => test.result().state === state).length;
    // Files that can't be loaded and hooks that fail are no cases, but must not look like success.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + errors.length;
    this.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`);
  }

  private printSkipped(skipped: readonly TestCase[]): void {
    const byReason = new Map<string, number>();
    for (const test of skipped) {
      const result = test.result();
      const note = result.state === 'skipped' ? result.note : undefined;
      const where = test.parent.type === 'suite' ? test.parent.fullName : test.module.relativeModuleId;
      const reason = note ?? `not reached, or no reason given: ${where}`;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of byReason) this.log(`skipped ${count}: ${reason}`);
  }
}
