// Arrays, on the blocking face: as big as the storage, cut as in NumPy, computed on where they are.
import { DCont, ndarray, sel, slice, xp } from "tsdaos/sync";

const dcont = new DCont("tank", "neo");

const temps = dcont.array("temps", { shape: [12, 180, 360], dtype: "float32", fill: NaN });
console.log(`${temps}`, temps.dtype, temps.shape);

temps.set([slice(0, 6)], 15); // the first half of the year, everywhere
const wave = Float32Array.from({ length: 360 }, (_, x) => Math.round(10 * Math.sin(x / 57.3)));
temps.set(sel("0, 60:120"), ndarray("float32", [360], wave)); // broadcasts over the latitudes

console.log(temps.get(sel("0, 59:61, ::90")).data);
temps.at(11, 0, 0);
temps.get([12]); // DER_INVAL

const tropics = temps.view(sel("0, 60:120")).transpose();
console.log(tropics.shape, tropics.get(sel("90, :3")).data);

const months = xp.mean(temps, { axis: [1, 2] }).get();
console.log(months.data.subarray(4, 8));
xp.count_nonzero(xp.less(temps, 0)).at();

const fahrenheit = xp.add(xp.multiply(temps, 1.8), 32).store(dcont, "fahrenheit");
fahrenheit.at(5, 0, 0);

temps.append(ndarray("float32", [1, 180, 360]));
console.log(temps.shape);
for (const { name, kind } of dcont) console.log(name, kind);
dcont.close();
