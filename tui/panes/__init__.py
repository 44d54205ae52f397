"""One module for each pane; PANES lists them."""
