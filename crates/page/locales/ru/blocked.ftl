# Заблокированные адреса, один адрес, блокировка вручную.
blocked-search = Найти
blocked-search-hint = Адрес, подсеть, служба, страна
blocked-count = { $count } { $count ->
    [one] адрес
    [few] адреса
   *[many] адресов
}
blocked-found = { $found } из { $all }
blocked-export = Выгрузить:
blocked-nobody = Никто не заблокирован.
blocked-nothing-found = Ничего не найдено.
blocked-show-all = Показать все
blocked-address = Адрес
blocked-reason = Причина
blocked-since = Начало
blocked-until = Конец
blocked-failures = Неудач
blocked-actions = Разблокировать
blocked-ever = до разблокировки
blocked-select = Выбрать { $address }
blocked-select-all = Выбрать все на этой странице
blocked-unblock = Разблокировать { $address }
blocked-unblock-selected = Разблокировать выбранные
blocked-none-selected = Ничего не выбрано.
blocked-told-only = Ничего не закрыто: у ловушки нет действия сетевого экрана.
blocked-was-gone = Адрес уже не был заблокирован.
blocked-unblocked = Адрес { $address } разблокирован.
blocked-unblocked-many = { $count ->
    [one] Разблокирован { $count } адрес.
    [few] Разблокировано { $count } адреса.
   *[many] Разблокировано { $count } адресов.
}
blocked-pages = Страницы списка
blocked-first = Первая
blocked-previous = Назад
blocked-next = Вперёд
blocked-last = Последняя
blocked-range = { $from }–{ $to } из { $count }

reason-by-hand = вручную, { $actor }
reason-failures = { $failures } { $failures ->
    [one] неудача
    [few] неудачи
   *[many] неудач
} за { $within }
reason-times = , блокировка № { $times }
reason-claimed = , отправитель может быть подделан

why-blocked = Заблокирован
why-not-blocked = Не заблокирован
why-block = Заблокировать этот адрес
why-by-hand = вручную
why-whitelist = Никогда не блокируется: { $entry } в белом списке ({ $origin }).
why-all-ports = Все порты
why-jail-ports = Порты этой службы
why-since = с
why-ends = конец
why-standing = { $jail }: { $failures } из { $limit } неудач за { $within }
why-earlier = Блокировался раньше: { $count } { $count ->
    [one] раз
    [few] раза
   *[many] раз
}.
why-lines = Строки, которые к этому привели
why-no-lines = Строк не сохранилось.
why-claimed = отправитель может быть подделан
why-history = Что происходило
why-deed-ban = заблокирован
why-deed-unban = разблокирован
why-deed-expired = срок истёк
why-deed-refused = не заблокирован

block-title = Заблокировать адрес
block-address = Адрес или подсеть
block-address-hint = 203.0.113.7, 203.0.113.0/24, 2001:db8::1. Одиночный адрес IPv6 означает его /64.
block-no-address = Это не адрес и не подсеть. Напишите, например, 203.0.113.7 или 203.0.113.0/24.
block-where = Где
block-all-ports = Все порты
block-in-jail = Только порты ловушки { $jail }
block-length = На какое время
block-ever = До разблокировки
block-note = Причина
block-note-hint = Видна в списке и в журнале.
block-wide = Это очень широкая подсеть
block-force = Всё верно: заблокировать подсеть целиком
block-go = Заблокировать
block-cancel = Отмена
block-done = Адрес { $address } заблокирован.
