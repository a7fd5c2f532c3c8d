# brute-force
