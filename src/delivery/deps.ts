import type { Log } from "../lib/log.ts";
import type { Clock, Random } from "../lib/time.ts";
import type { Drivers } from "../newsroom/drivers.ts";
import type { Store } from "../store/db.ts";
import type { Timing } from "./delivery.ts";

/** Moments at which a fault test ends the process. Does nothing elsewhere. */
export type Crashpoint = (label: string) => void;

export interface DeliveryDeps {
  readonly store: Store;
  readonly driver: Drivers;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: Timing;
  readonly crashpoint: Crashpoint;
  readonly log: Log;
}
