update_if_due() { :; }
