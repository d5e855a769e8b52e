// What stands on the command line as NAME=value.
export const given = () =>
  Object.fromEntries(
    process.argv.slice(2).filter((argument) => /^[A-Z][A-Z0-9_]*=/.test(argument)).map((argument) => {
      const equals = argument.indexOf("=");
      return [argument.slice(0, equals), argument.slice(equals + 1)];
    }),
  );
