"""From the text of a descriptor to the model: nodes with positions, checked, merged, built."""
