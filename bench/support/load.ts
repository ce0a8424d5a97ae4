import { connect, type Socket } from "node:net";

/**
 * Asks one path over keep-alive connections, one request under way on each, until the time is over. Answers are told apart
 * by their empty body only, so it serves redirects and nothing else; it costs less than what it measures.
 *
 * @param isRight looks at the first answer of each connection, head and all
 * @returns how many answers came
 */
export async function load(
  url: string,
  path: string,
  agent: string,
  connections: number,
  ms: number,
  isRight: (answer: string) => boolean,
): Promise<number> {
  const { hostname, port } = new URL(url);
  const question = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUser-Agent: ${agent}\r\nAccept: text/html\r\nAccept-Language: en\r\n\r\n`,
    "latin1",
  );
  let answers = 0;
  let over = false;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let rest = "";
      let first = true;
      socket.setEncoding("latin1");
      socket.on("connect", () => socket.write(question));
      socket.on("data", (chunk: string) => {
        rest = rest === "" ? chunk : rest + chunk;
        if (!rest.endsWith("\r\n\r\n")) return;
        if (first && !isRight(rest)) return socket.destroy(new Error(`Wrong answer: ${rest.slice(0, 200)}`));
        first = false;
        rest = "";
        answers += 1;
        if (over) return socket.end(resolve);
        socket.write(question);
      });
      socket.on("error", reject);
    });
  const timer = setTimeout(() => (over = true), ms);
  await Promise.all(Array.from({ length: connections }, one)).finally(() => clearTimeout(timer));
  return answers;
}
