/** Rows and columns. A row that leads somewhere can be reached by Tab and opened by Enter. */
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  name: string;
  show: (row: Row) => ComponentChildren;
  /** To the right, in figures of equal width. */
  number?: boolean;
  clip?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  id: (row: Row) => string;
  open?: (row: Row) => void;
  chosen?: string;
}

export function Table<Row>({ label, columns, rows, id, open, chosen }: TableProps<Row>) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption class="sr">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={column.number ? "number" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} aria-selected={chosen === undefined ? undefined : chosen === id(row)} {...opening(row, open)}>
              {columns.map((column) => (
                <td key={column.name} class={[column.number && "number", column.clip && "clip"].filter(Boolean).join(" ") || undefined}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function opening<Row>(row: Row, open?: (row: Row) => void) {
  if (!open) return {};
  return {
    class: "link",
    tabIndex: 0,
    onClick: () => open(row),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && event.target === event.currentTarget) open(row);
    },
  };
}
