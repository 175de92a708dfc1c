import { Worker } from "node:worker_threads";

/* As Node before 24.6. */
delete Worker.prototype.cpuUsage;
