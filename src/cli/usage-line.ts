/**
 * What commander says of a command line it can't understand, as one line like all errors: `error: unknown option '--x'`
 * and perhaps, on a second line, `(Did you mean --y?)`. `help` is the command line that shows what there is.
 */
export function usageLine(text: string, help: string): string {
  const [problem = '', ...suggestions] = text.trim().split('\n');
  const suggestion = suggestions
    .map((line) => line.replace(/^\(Did you mean (.*)\?\)$/, ' (did you mean $1?)'))
    .join('');
  return `tandem: ${problem.replace(/^error: /, '')}${suggestion}; see ${help}\n`;
}
