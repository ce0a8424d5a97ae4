import { fileURLToPath } from "node:url";

/**
 * The project's folder, absolute, without a trailing slash; the same whether this runs as source (`src/lib`)
 * or built (`dist/lib`). What is read and not compiled (migrations, pages' assets) is found from here.
 */
export const projectRoot: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
