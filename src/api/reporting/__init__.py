"""Reports to be handed on: what each holds (`contents`), and as text, workbook or page (`terminal`, `workbook`, `web`).

A report is made of sheets, a sheet of columns, rows and plots (`report`). To add a table or a plot, add a `Sheet` in `contents`; every way of
writing shows it.
"""
