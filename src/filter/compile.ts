import { U64 } from '../base/u64.ts';
import type { EventFormat } from '../format/event-format.ts';
import { FAILED, OPERATIONS } from './arithmetic.ts';
import {
  always,
  constantReader,
  constantTest,
  cpuTest,
  fieldTest,
  never,
  type Predicate,
  SOME_ADDRESS,
  type ValueReader,
  valueReader,
} from './number-test.ts';
import type { ArithmeticTest, ChainTest, NumberTest, Test, Value } from './resolve.ts';
import { type FilterEnvironment, textTest } from './text-test.ts';

/** Compiles a test of one event. The predicate must be asked only for records of that event. */
export function compileTest(test: Test, event: EventFormat, environment: FilterEnvironment): Predicate {
  if (test.kind === 'constant') return test.value ? always : never;
  return new Compiler(event, environment).compile(test);
}

class Compiler {
  readonly #event: EventFormat;
  readonly #environment: FilterEnvironment;
  /** Bytes that a record must have for the fields that the test reads. */
  #length = 0;
  #canFail = false;
  /** Set by a part that has no result; then the whole filter does not match, negated or not. */
  #failed = false;

  constructor(event: EventFormat, environment: FilterEnvironment) {
    this.#event = event;
    this.#environment = environment;
  }

  compile(test: Test): Predicate {
    const matches = this.#test(test);
    const length = this.#length;
    if (!this.#canFail) return (record) => record.end - record.start >= length && matches(record);
    return (record) => {
      if (record.end - record.start < length) return false;
      this.#failed = false;
      return matches(record) && !this.#failed;
    };
  }

  #test(test: Test): Predicate {
    switch (test.kind) {
      case 'constant':
        return test.value ? always : never;
      case 'number':
        return this.#number(test);
      case 'text':
        this.#uses(test.source);
        return textTest(test, this.#event, this.#environment);
      case 'arithmetic':
        return this.#arithmetic(test);
      case 'not': {
        const inner = this.#test(test.of);
        return (record) => !inner(record);
      }
      case 'chain':
        return this.#chain(test);
    }
  }

  #number({ source, operator, value }: NumberTest): Predicate {
    this.#uses(source);
    switch (source.kind) {
      case 'field':
        return fieldTest(source.field, operator, value, this.#environment.littleEndian);
      case 'CPU':
        return cpuTest(operator, value);
      case 'COMM':
        return constantTest(SOME_ADDRESS, operator, value);
    }
  }

  #arithmetic({ operator, left, right }: ArithmeticTest): Predicate {
    if (operator === '~' || left.kind === 'text' || right.kind === 'text') return this.#failure();
    const operation = OPERATIONS[operator];
    const readLeft = this.#reader(left);
    const readRight = this.#reader(right);
    const a = new U64();
    const b = new U64();
    this.#canFail ||= operator === '/' || operator === '%';
    return (record) => {
      readLeft(record, a);
      readRight(record, b);
      const outcome = operation(a, b);
      if (outcome !== FAILED) return outcome;
      this.#failed = true;
      return false;
    };
  }

  /** A part that trace-cmd accepts and can't evaluate. */
  #failure(): Predicate {
    this.#canFail = true;
    return () => {
      this.#failed = true;
      return false;
    };
  }

  #reader(value: Exclude<Value, { kind: 'text' }>): ValueReader {
    this.#uses(value);
    switch (value.kind) {
      case 'field':
        return valueReader(value.field, this.#environment.littleEndian);
      case 'CPU':
        return (record, into) => into.set(0, record.cpu);
      case 'COMM':
        return constantReader(SOME_ADDRESS);
      case 'number':
        return constantReader(value.value);
    }
  }

  /** A loop and not nested calls, since a chain may be of any length. */
  #chain({ first, rest }: ChainTest): Predicate {
    const start = this.#test(first);
    const operands = rest.map(({ operand }) => this.#test(operand));
    const [second] = operands;
    if (operands.length === 1 && second) {
      if (rest[0]?.operator === '||') return (record) => start(record) || second(record);
      return (record) => start(record) && second(record);
    }
    // What the part before must be for the operand to be asked: && asks after true, || after false.
    const asksAfter = rest.map(({ operator }) => operator === '&&');
    return (record) => {
      let matches = start(record);
      for (let i = 0; i < operands.length; i++) {
        if (matches === asksAfter[i]) matches = (operands[i] as Predicate)(record);
      }
      return matches;
    };
  }

  #uses(value: Value): void {
    if (value.kind === 'field') this.#length = Math.max(this.#length, value.field.offset + value.field.size);
  }
}
