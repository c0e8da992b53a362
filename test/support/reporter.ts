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
    // A file that can't be loaded has no cases: it must not look like success.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    this.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`);
  }

  private printSkipped(skipped: readonly TestCase[]): void {
    const byReason = new Map<string, number>();
    for (const test of skipped) {
      const result = test.result();
      const reason = (result.state === 'skipped' ? result.note : undefined) ?? `no reason given: ${test.fullName}`;
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of byReason) this.log(`skipped ${count}: ${reason}`);
  }
}
