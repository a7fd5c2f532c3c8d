# Контейнеры и прокси, где ещё выполняются блокировки и чьи списки действуют.
arrival-see-through-bridge = Ваш адрес сюда не доходит: все приходят с { $peer }
arrival-see-through-bridge-what = Это шлюз контейнера. Он никогда не блокируется, поэтому нельзя заблокировать никого, кто приходит через него. Запустите контейнер в сети хоста или укажите "userland-proxy": false в daemon.json Docker. Если с этого адреса может прийти только ваш прокси, впишите { $peer } в trusted_proxies в разделе [http], а прокси пусть передаёт X-Forwarded-For.
arrival-trust-proxy = Запросы передаёт прокси { $peer }, и все его посетители выглядят одинаково
arrival-trust-proxy-what = Если прокси ваш, добавьте trusted_proxies = ["{ $peer }"] в раздел [http] файла настроек и перезапустите Stockade. До этого подбор пароля через него либо блокирует всех его посетителей сразу, либо не блокируется вовсе.
arrival-send-header = Доверенный прокси { $peer } не сообщает, от чьего имени обращается
arrival-send-header-what = Пусть он передаёт X-Forwarded-For с адресом посетителя. До этого все его посетители выглядят одинаково.

elsewhere = Где выполняются блокировки
elsewhere-bridged = Stockade работает в контейнере{ $kind ->
    [container] {""}
   *[other] {" "}({ $kind })
} за мостом: блокировки действуют только внутри контейнера. На хосте их выполняет внешний блокировщик.
elsewhere-in-host-network = Stockade работает в контейнере{ $kind ->
    [container] {""}
   *[other] {" "}({ $kind })
} в сети хоста.
outlet-name = Место
outlet-held = Записей
outlet-waiting = В очереди
outlet-since = С какого времени
outlet-current = всё передано
outlet-behind = передано не всё
outlet-nodes = Узлы: { $nodes }
blocklists = Списки блокировки
blocklist-name = Список
blocklist-entries = Записей
blocklist-dropped = Отброшено пакетов
blocklist-fetched = Получен
blocklist-in-force = действует
blocklist-not-fetched = не обновляется
blocklist-left-out = { $n } { $n ->
    [one] запись пропущена
    [few] записи пропущено
   *[many] записей пропущено
}

notice-container-bridge = Блокировки действуют только внутри контейнера
notice-container-bridge-what = За мостом контейнера ({ $gateways }) сетевой экран хоста недоступен. Дайте внешнему блокировщику на хосте ключ: он будет выполнять блокировки там.
notice-address-hidden = Ловушка { $jail } никого не может заблокировать
notice-address-hidden-what = Её служба видит у всех один адрес — { $address }, шлюз контейнера, а он никогда не блокируется. Запустите контейнер в сети хоста или укажите "userland-proxy": false в daemon.json Docker; если перед службой стоит прокси, пусть служба пишет в журнал адрес, который он сообщает.
notice-redis-away = Redis недоступен
notice-redis-away-what = { $error }. Обнаружение и блокировки здесь работают; изменения будут записаны, когда Redis вернётся.
notice-redis-overrun = Для Redis накопилось больше изменений, чем помещается в очередь
notice-redis-overrun-what = Так было { $count } { $count ->
    [one] раз
    [few] раза
   *[many] раз
}. Ничего не потеряно: когда Redis вернётся, его содержимое будет сверено целиком.
notice-outlet-error = { $outlet }: переданы не все блокировки
notice-outlet-error-what = { $error }. Stockade пробует снова.
notice-blocklist-error = Не удалось получить список { $blocklist }
notice-blocklist-error-what = { $error }. Действует последний полученный список; Stockade пробует снова.
notice-blocklist-cut = Список { $blocklist } действует не целиком
notice-blocklist-cut-what = { $left_out } { $left_out ->
    [one] запись пропущена
    [few] записи пропущено
   *[many] записей пропущено
}: это не адрес, слишком широкая подсеть или превышен max_entries.
notice-see-keys = Создать ключ для блокировщика
notice-see-elsewhere = Посмотреть, где выполняются блокировки
notice-see-blocklists = Посмотреть списки блокировки
