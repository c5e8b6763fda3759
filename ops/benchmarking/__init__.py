"""What `tenor bench` measures: the whole path, its memory, its log, its queries, its kernels."""
