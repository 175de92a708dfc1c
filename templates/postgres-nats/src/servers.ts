/** The servers of compose.yaml, unless the environment names others. */
export const {
  DATABASE_URL = "postgres://postgres:odori@localhost:5432/postgres",
  NATS_URL = "nats://localhost:4222",
} = process.env;
