/**
 * The table of a class: `TodoList` → `todo_list`, never in the plural.
 *
 * The rule is that of the Python original (inflection's `underscore`), so that its tables are found.
 *
 * @example
 * tableName('HTTPServer2Node')  // 'http_server2_node'
 */
export function tableName(className: string): string {
  return className
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
}
