import { odoriMemory, odoriSqlite } from "./odori.ts";

console.log(await odoriMemory.run(Number(process.argv[2])));
console.log(await odoriSqlite.run(Number(process.argv[2])));
