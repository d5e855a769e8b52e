// What a running server says of its settings.

// Returns what is wrong, in words, and what is only unused. `isSetting` tells which unknown names are wrong.
export async function reportSettings(server, isSetting = () => true) {
  const { status, text } = await server.ask("/settings").catch((error) => {
    throw new Error(`the server does not answer: ${error.message}`);
  });
  if (status !== 200) throw new Error(text.trim());
  const { error, unknown, development } = JSON.parse(text);
  const isUnused = ({ name, is_provider_secret: isProviderSecret }) => isProviderSecret || !isSetting(name);
  const wrong = unknown.filter((entry) => !isUnused(entry)).map(describe);
  // The server's error names what is nearly right, so it would say the same again.
  if (error !== null && wrong.length === 0) wrong.push(`Vestibule does not start: ${error}`);
  return { wrong, unused: unknown.filter(isUnused).map(({ name }) => name), development };
}

const describe = ({ name, nearest }) => `${name} is not a setting${nearest ? `; did you mean ${nearest}?` : ""}`;
