"""Pages, one file per noun. Views read through ``visible_to`` and write through services."""
