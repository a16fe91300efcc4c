"""What the pages share: the sidebar, state, image grids, the look of charts."""
