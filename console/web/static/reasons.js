// Why a site is as it is, as the server says it.

export async function reasonsFrom(url) {
  try {
    const answer = await fetch(url), said = await answer.json();
    return answer.ok ? said.lines : [said.error];
  } catch {
    return ["The page’s server does not answer."];
  }
}
