# Сетевой экран.
service-sip = SIP и RTP
service-iax = IAX
service-web = WEB
service-ssh = SSH
service-ami = AMI
service-ajam = AJAM, WebRTC, ARI
service-cti = CTI
service-icmp = ICMP
ports-sip = SIP
ports-rtp = RTP

firewall-lead = Каким сетям какие службы этого компьютера доступны. Действует первая строка, в сети которой находится адрес; «Все остальные» всегда последние, а кого нет ни в одной строке, тому недоступно ничего.
firewall-rows = Сети и доступные им службы
firewall-network = Сеть
firewall-name = Название
firewall-subnet = Подсети
firewall-new-row = новая сеть
firewall-local = Локальная сеть
firewall-never-block = Никогда не блокировать адреса из этой сети
firewall-never-block-short = Не блокировать
firewall-up = Поднять «{ $name }»
firewall-down = Опустить «{ $name }»
firewall-remove = Удалить «{ $name }»
firewall-up-short = Выше
firewall-down-short = Ниже
firewall-remove-short = Удалить
firewall-add = Добавить сеть
firewall-order = В строке может быть несколько подсетей, по одной на линии. До сохранения ничего не меняется.
firewall-none = Правил для сетей нет
firewall-none-what = Пока строк нет, всем доступны все службы, не пропускаются только заблокированные адреса. Первая сохранённая строка закроет всё, что не разрешено ни одной строкой.
firewall-suggest = Предложить первые правила
firewall-suggest-what = Ваша сеть, частные сети, а всем остальным — только SIP. До сохранения всё можно изменить.
firewall-dropped = Отброшено этими правилами
firewall-dropped-rules = Не разрешено ни одной строкой
firewall-dropped-limit = SIP сверх ограничения
firewall-packets = { $n } { $n ->
    [one] пакет
    [few] пакета
   *[many] пакетов
}
firewall-ports = Порты служб
firewall-ports-what = Например, udp/5060 или tcp/5060-5061, через пробел.
firewall-cut-off = Вы потеряете доступ
firewall-cut-off-what = Можно попробовать: если не подтвердить изменение за { $seconds } с, прежние правила вернутся сами.
firewall-try = Сохранить и подтвердить за { $seconds } с
firewall-back = Вернуться к форме
firewall-on-trial = Новые правила пока действуют. Если вы это читаете, подтвердите их.
firewall-came-back = Изменение не подтвердили: вернулись прежние правила
firewall-came-back-what = За отведённое время подтверждения не было, поэтому изменение отменено. Показано то, что действует сейчас.

slip-no-subnet = Укажите хотя бы одну подсеть, например 192.168.0.0/24.
slip-name = Укажите название не длиннее { $most } символов, в одну строку.
slip-twin = «{ $entry }» указано дважды. Оставьте что-то одно.
slip-never-block-all = «{ $entry }» — это все адреса: никто не был бы заблокирован.
slip-networks = Слишком много подсетей: не более { $most }. Объедините несколько в одну.
slip-port = «{ $entry }» — не порт. Пример: tcp/22 или udp/10000-20000.
slip-ports = Слишком много портов: не более { $most }. Диапазон считается за один.

caution-own-network = Вы подключены с адреса { $address }, которому строка «{ $name }» не открывает WEB.
caution-own-none = Вы подключены с адреса { $address }, которого нет ни в одной из этих сетей.
caution-own-what = После сохранения нужно будет подтвердить изменение в течение минуты, иначе прежние правила вернутся сами.
caution-no-rest = Нет строки для всех остальных
caution-no-ipv4 = Нет строки для всех остальных по IPv4
caution-no-ipv6 = Нет строки для всех остальных по IPv6
caution-no-rest-what = Кого нет ни в одной из этих сетей, тому на этом компьютере недоступно ничего. Если так не задумано, добавьте последней строкой 0.0.0.0/0 и ::/0.
caution-open = Всем открыто: { $services }
caution-open-what = Атакующие ищут это в первую очередь. Открывайте только известным сетям.

suggestion-own = Моя сеть
suggestion-private = Частные сети
suggestion-rest = Все остальные
