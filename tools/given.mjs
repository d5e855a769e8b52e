// The settings on the command line, in the form NAME=value.
const words = () => process.argv.slice(2);
const isPair = (word) => /^[A-Z][A-Z0-9_]*=/.test(word);

export const given = () =>
  Object.fromEntries(
    words().filter(isPair).map((argument) => {
      const equals = argument.indexOf("=");
      return [argument.slice(0, equals), argument.slice(equals + 1)];
    }),
  );

// The other arguments on the command line.
export const others = () => words().filter((word) => !isPair(word));
