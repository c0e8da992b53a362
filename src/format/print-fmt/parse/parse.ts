import type { EventFormat } from '../../event-format.ts';
import type { FormatOptions } from '../../format-options.ts';
import { Lexer } from '../../lexer.ts';
import type { Expression, PrintFormat } from './ast.ts';
import { folded } from './constants.ts';
import { ExpressionParser, Unparsable } from './expressions.ts';
import { fitsArguments } from './literal.ts';

/**
 * Parses the print format of an event as the parser of the given version does: an argument that is beyond that
 * parser is beyond this one too, since the text of the event depends on it. Undefined when it can't be parsed.
 */
export function parsePrintFormat(event: EventFormat, options: FormatOptions): PrintFormat | undefined {
  const lexer = new Lexer(event.printText, options.version !== '3.1');
  lexer.readInLine();
  if (lexer.type !== 'string') return undefined;
  let literal = lexer.token;
  lexer.read();
  // Strings next to each other are one token, but for those that a macro stands for.
  for (; lexer.type === 'string'; lexer.read()) literal += lexer.token;
  let args: readonly Expression[] = [];
  if (lexer.type !== 'none') {
    if (!lexer.is('delimiter', ',')) return undefined;
    try {
      args = parseArguments(new ExpressionParser(lexer, event, options), lexer);
    } catch (error) {
      if (!(error instanceof Unparsable)) throw error;
      return undefined;
    }
  }
  // The first ftrace events left their arguments out: they are all fields, in order.
  if (args.length === 0 && event.system === 'ftrace') args = event.fields.map((field) => ({ kind: 'field', field }));
  const isPacked = event.system === 'ftrace' && event.name === 'bprint';
  if (!isPacked && !fitsArguments(literal, args.length, options.version ?? '3.4')) return undefined;
  return { isPacked, literal, args };
}

/** Arguments up to the end of the line, or of the text. */
function parseArguments(parser: ExpressionParser, lexer: Lexer): Expression[] {
  const args: Expression[] = [];
  for (;;) {
    let argument = parser.operand();
    const isOperation = lexer.type === 'operator';
    if (isOperation) argument = folded(parser.operation(argument));
    args.push(argument);
    // Whatever follows an operation is taken for a comma.
    if (!isOperation && !lexer.is('delimiter', ',')) return args;
    while (lexer.type === 'newline') lexer.read();
    if (lexer.type === 'none') return args;
  }
}
