/**
 * How the embedded Postgres runs: durable (an acknowledged row survives SIGKILL and power loss), reachable only by
 * the socket, and small (one newsroom on one machine). Given on the command line, so that an upgrade changes them.
 */
export const settings: Readonly<Record<string, string>> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "60",
  superuser_reserved_connections: "2",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "64MB",
  effective_cache_size: "512MB",
  work_mem: "4MB",
  maintenance_work_mem: "32MB",
  random_page_cost: "1.1",
  // Nothing replicates from it, and each spare process costs memory.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "256MB",
  io_method: "sync",
  max_worker_processes: "2",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  max_logical_replication_workers: "0",
  autovacuum_worker_slots: "2",
  autovacuum_max_workers: "2",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_min_messages: "warning",
  // A refused statement is told to whoever asked; the log is for what happens to Postgres itself.
  log_min_error_statement: "panic",
};

/** Arguments of initdb besides the folder. The builtin C.UTF-8 sorts and folds alike on every machine (Postgres 17+). */
export const initdbArguments: readonly string[] = [
  "--username=slugline",
  "--auth=trust",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--no-sync",
  "--no-instructions",
];
