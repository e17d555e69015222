// Arrays, on the asynchronous face: as big as the storage, cut as in NumPy, computed on where they are.
import { DCont, ndarray, sel, slice, xp } from "tsdaos";

const dcont = await DCont.open("tank", "neo");

const temps = await dcont.array("temps", { shape: [12, 180, 360], dtype: "float32", fill: NaN });
console.log(`${temps}`, temps.dtype, temps.shape);

await temps.set([slice(0, 6)], 15); // the first half of the year, everywhere
const wave = Float32Array.from({ length: 360 }, (_, x) => Math.round(10 * Math.sin(x / 57.3)));
await temps.set(sel("0, 60:120"), ndarray("float32", [360], wave)); // broadcasts over the latitudes

console.log((await temps.get(sel("0, 59:61, ::90"))).data);
await temps.at(11, 0, 0);
await temps.get([12]); // DER_INVAL

const tropics = temps.view(sel("0, 60:120")).transpose();
console.log(tropics.shape, (await tropics.get(sel("90, :3"))).data);

const months = await xp.mean(temps, { axis: [1, 2] }).get();
console.log(months.data.subarray(4, 8));
await xp.count_nonzero(xp.less(temps, 0)).at();

const fahrenheit = await xp.add(xp.multiply(temps, 1.8), 32).store(dcont, "fahrenheit");
await fahrenheit.at(5, 0, 0);

await temps.append(ndarray("float32", [1, 180, 360]));
console.log(temps.shape);
for await (const { name, kind } of dcont) console.log(name, kind);
await dcont.close();
