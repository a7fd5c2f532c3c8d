# firewall
