//! fail2ban's own client protocol: the socket, the pickled commands, and the server's answers, of the same shape to the byte. It
//! keeps the jails as they were told (`Model`) and knows nothing of how they are run: that is asked of its `Host`.
