# Обзор.
switch = Сетевой экран и защита от взлома
switch-on = вкл.
switch-off = выкл.
switch-off-title = Выключить защиту?
switch-off-what = Пока защита выключена, никто не блокируется: адреса из списка снова получат доступ, а сетевой экран пропускает всё. Неудачные попытки входа не считаются. Настройки остаются прежними.
switch-leave-on = Оставить включённой
switch-off-sure = Выключить
switched-on = Защита включена.
switched-off = Защита выключена: никто не блокируется.

overview-blocked-now = { $count ->
    [one] адрес заблокирован сейчас
    [few] адреса заблокировано сейчас
   *[many] адресов заблокировано сейчас
}
overview-failures-day = { $count ->
    [one] неудачный вход за 24 ч
    [few] неудачных входа за 24 ч
   *[many] неудачных входов за 24 ч
}
overview-bans-day = заблокировано за 24 ч
overview-dropped = { $count ->
    [one] пакет отброшен
    [few] пакета отброшено
   *[many] пакетов отброшено
}
overview-activity = Неудачные попытки входа
overview-accounts = Атакуемые учётные записи
overview-networks = Сети
overview-offenders = Самые активные нарушители
overview-sources = Журналы под наблюдением
overview-nobody = За это время — никто.
overview-no-source = Ни один журнал не читается: все ловушки выключены или их журналов нет.
overview-tries = { $failures } { $failures ->
    [one] попытка
    [few] попытки
   *[many] попыток
}, { $addresses } { $addresses ->
    [one] адрес
    [few] адреса
   *[many] адресов
}
overview-network = { $addresses } { $addresses ->
    [one] адрес
    [few] адреса
   *[many] адресов
}, заблокировано { $banned }
overview-failures = { $count } { $count ->
    [one] неудача
    [few] неудачи
   *[many] неудач
}
overview-is-blocked = заблокирован
overview-not-blocked = не заблокирован
span-day = 24 часа
span-week = 7 дней

chart-title-day = Неудачные попытки входа и блокировки по часам
chart-title-week = Неудачные попытки входа и блокировки по шесть часов
chart-summary = Больше всего { $service }; максимум — { $peak }, { $at }.
chart-nothing = За это время неудачных попыток не было.
chart-bans = Заблокировано
chart-other = Прочее
chart-tells = { $service }: { $failures } { $failures ->
    [one] неудача
    [few] неудачи
   *[many] неудач
}, заблокировано { $bans }
chart-legend = { $failures }, заблокировано { $bans }
chart-blocked-short = блок. { $bans }
chart-as-table = Таблицей
chart-from = Начало
weekday-monday = пн
weekday-tuesday = вт
weekday-wednesday = ср
weekday-thursday = чт
weekday-friday = пт
weekday-saturday = сб
weekday-sunday = вс

source-name = Журнал
source-state = Состояние
source-per-minute = Строк в минуту
source-last-line = Последняя строка
source-last-match = Последняя неудача
source-skew = Часы
source-journal = журнал systemd
source-state-following = читается
source-state-idle = ожидание
source-state-missing = отсутствует
source-state-unreadable = нет доступа
source-state-over-the-bound = слишком много файлов
source-state-stopped = остановлен
source-behind = отстают на { $span }
source-ahead = спешат на { $span }
source-no-skew = совпадают
source-since = последний раз: { $since }
never = не было

notice-other = Требует внимания
notice-switched-off = Защита выключена
notice-switched-off-what = Никто не блокируется. Включите её переключателем выше.
notice-observing = На деле никто не блокируется: Stockade только наблюдает
notice-observing-what = Причина: { $reason }
notice-enforcement-error = Не удалось изменить правила ядра
notice-enforcement-error-what = { $error }. Stockade пробует снова.
notice-store-error = Запись на диск не удаётся
notice-store-error-what = { $error }. Защита работает, но при перезапуске всё новое потеряется. Возможно, диск заполнен.
notice-settings-wrong = В файле настроек ошибка; действуют последние верные настройки
notice-settings-wrong-what = { $error }
notice-no-firewall = Сетевой экран и ограничение SIP не действуют
notice-no-firewall-what = Причина: { $reason }
notice-page-not-served = Эта страница доступна не так, как указано в настройках
notice-page-not-served-what = { $error }
notice-restart-needed = Нужен перезапуск
notice-restart-needed-what = Только после него подействуют настройки: { $settings }.
notice-note = К сведению
notice-note-what = { $text }
notice-still-fails = Адрес { $address } заблокирован, но всё ещё проходит
notice-still-fails-what = Новая неудача: { $at }, хотя ловушка { $jail } его блокирует. Возможно, служба видит адрес прокси или слушает другие порты, чем указано у ловушки.
notice-source-not-read = { $source } не читается
notice-source-not-read-what = { $reason }. Его ждут ловушки: { $jails }.
notice-source-silent = { $source } молчит
notice-source-silent-what = Последняя строка: { $since }; обычно { $usual } { $usual ->
    [one] строка
    [few] строки
   *[many] строк
} в час. Возможно, файл перенесли или служба не знает о ротации.
notice-country-database = Страны не показываются
notice-country-database-what = { $error }
notice-see-sources = Посмотреть журналы
notice-see-jails = Посмотреть ловушки
