// Starts a PDS (Bluesky's own server) with a directory of identities in memory, on loopback; prints its address and port
// as one line of JSON. Its data lies in the folder given; it ends when its standard input does.
//
//   node test/pds/start.js <folder> [port]
import { randomBytes } from "node:crypto";
import { createServer, Server } from "node:net";
import { PDS, envToCfg, envToSecrets, readEnv } from "@atproto/pds";
import plc from "@did-plc/server";

const [folder, wanted] = process.argv.slice(2);

// Neither server can be told where to listen: without this, both would be open to the network.
const listen = Server.prototype.listen;
Server.prototype.listen = function onLoopback(port, ...rest) {
  const done = rest.find((one) => typeof one === "function");
  return listen.call(this, { port: typeof port === "object" ? port.port : port, host: "127.0.0.1" }, done);
};

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: await freePort() });
await directory.start();
const port = wanted ? Number(wanted) : await freePort();
const key = () => randomBytes(32).toString("hex");
Object.assign(process.env, {
  PDS_PORT: String(port),
  PDS_HOSTNAME: "localhost",
  PDS_DATA_DIRECTORY: folder,
  PDS_BLOBSTORE_DISK_LOCATION: `${folder}/blobs`,
  PDS_DID_PLC_URL: `http://127.0.0.1:${directory.server.address().port}`,
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: key(),
  PDS_JWT_SECRET: key(),
  PDS_ADMIN_PASSWORD: key(),
  PDS_INVITE_REQUIRED: "false",
  PDS_RATE_LIMITS_ENABLED: "true",
  PDS_ENABLE_DID_DOC_WITH_SESSION: "true",
  PDS_DEV_MODE: "true",
  LOG_ENABLED: "false",
});
const env = readEnv();
const pds = await PDS.create(envToCfg(env), envToSecrets(env));
await pds.start();
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, port }));

// Whoever started it holds its standard input: when that ends, so does this, however it came about.
process.stdin.resume().on("end", () => process.exit(0));
