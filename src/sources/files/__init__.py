"""Sources that are folders of files: CSV in any usual dialect, Excel, Parquet."""
