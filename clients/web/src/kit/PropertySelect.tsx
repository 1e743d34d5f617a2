/** A dimension of events, or a property by its path. */
import { useEffect, useRef, useState } from "preact/hooks";
import { texts } from "../texts";
import { Field, Select } from "./Controls";

interface PropertySelectProps {
  label: string;
  /** What no dimension is called. */
  none: string;
  dimensions: readonly string[];
  value: string;
  on: (dimension: string) => void;
}

const PROPERTY = "properties";

export function PropertySelect({ label, none, dimensions, value, on }: PropertySelectProps) {
  const [naming, name] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (naming) field.current?.focus();
  }, [naming]);
  const property = value.startsWith(`${PROPERTY}.`);
  const known = !value || property || dimensions.includes(value) ? dimensions : [value, ...dimensions];
  const options = [["", none], ...known.map((one) => [one, texts.asked.dimensions[one] ?? one]), [PROPERTY, texts.asked.dimensions[PROPERTY] ?? PROPERTY]] as [string, string][];
  const choose = (next: string) => {
    name(next === PROPERTY);
    if (next !== PROPERTY) on(next);
  };
  return (
    <>
      <Select shown label={label} value={property || naming ? PROPERTY : value} options={options} on={choose} />
      {(property || naming) && (
        <Field label={texts.asked.property}>
          <input
            value={property ? value.slice(PROPERTY.length + 1) : ""}
            ref={field}
            onChange={(event) => {
              const path = event.currentTarget.value.trim();
              if (path) on(`${PROPERTY}.${path}`);
            }}
          />
        </Field>
      )}
    </>
  );
}
